import { Suspense } from 'react';
import { useTranslations } from 'use-intl';
import { Route, Switch, useLocation } from 'wouter';
import { part } from '../ui/part';
import { Loading } from '../ui/Spinner';
import { Whole } from '../ui/Whole';
import { Exams } from './Exams';

const Board = part(() => import('./board/Board').then((m) => m.Board));
const Report = part(() => import('./report/Report').then((m) => m.Report));
const Attempt = part(() => import('./attempt/Attempt').then((m) => m.Attempt));
const Reviews = part(() => import('./reviews/Reviews').then((m) => m.Reviews));
const Admin = part(() => import('./admin/Admin').then((m) => m.Admin));

/** Which page an address shows. A page's code is loaded when it is first opened. */
export function Pages() {
  const t = useTranslations('staff');
  const [address] = useLocation();
  return (
    <Whole of={address}>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">{() => <Exams />}</Route>
          <Route path="/exams/:id/board">
            {({ id }) => <Board key={id} examId={Number(id)} />}
          </Route>
          <Route path="/exams/:id/report">
            {({ id }) => <Report key={id} examId={Number(id)} />}
          </Route>
          <Route path="/attempts/:id">
            {({ id }) => <Attempt key={id} attemptId={Number(id)} />}
          </Route>
          <Route path="/reviews/*?">{() => <Reviews />}</Route>
          <Route path="/admin" nest>
            {() => <Admin />}
          </Route>
          <Route>{() => <p>{t('no_page')}</p>}</Route>
        </Switch>
      </Suspense>
    </Whole>
  );
}
