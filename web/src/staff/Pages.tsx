import { lazy, Suspense } from 'react';
import { useTranslations } from 'use-intl';
import { Route, Switch } from 'wouter';
import { Loading } from '../ui/Spinner';
import { Exams } from './Exams';

const Board = lazy(() => import('./board/Board').then((m) => ({ default: m.Board })));
const Report = lazy(() => import('./report/Report').then((m) => ({ default: m.Report })));
const Attempt = lazy(() => import('./attempt/Attempt').then((m) => ({ default: m.Attempt })));
const Reviews = lazy(() => import('./reviews/Reviews').then((m) => ({ default: m.Reviews })));
const Admin = lazy(() => import('./admin/Admin').then((m) => ({ default: m.Admin })));

/** Which page an address shows. A page's code is loaded when it is first opened. */
export function Pages() {
  const t = useTranslations('staff');
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/">{() => <Exams />}</Route>
        <Route path="/exams/:id/board">{({ id }) => <Board key={id} examId={Number(id)} />}</Route>
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
  );
}
