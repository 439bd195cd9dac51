import { lazy, Suspense } from 'react';
import { useTranslations } from 'use-intl';
import { Redirect, Route, Switch } from 'wouter';
import { EmptyState } from '../../ui/EmptyState';
import { Loading } from '../../ui/Spinner';
import { AdminNav, useAreas } from './AdminNav';

const Audit = lazy(() => import('./audit/Audit').then((m) => ({ default: m.Audit })));
const Bank = lazy(() => import('./banks/Bank').then((m) => ({ default: m.Bank })));
const Banks = lazy(() => import('./banks/Banks').then((m) => ({ default: m.Banks })));
const Centers = lazy(() => import('./centers/Centers').then((m) => ({ default: m.Centers })));
const Exam = lazy(() => import('./exams/Exam').then((m) => ({ default: m.Exam })));
const Exams = lazy(() => import('./exams/Exams').then((m) => ({ default: m.Exams })));
const NewExam = lazy(() => import('./exams/NewExam').then((m) => ({ default: m.NewExam })));
const NewPerson = lazy(() => import('./people/NewPerson').then((m) => ({ default: m.NewPerson })));
const People = lazy(() => import('./people/People').then((m) => ({ default: m.People })));
const Person = lazy(() => import('./people/Person').then((m) => ({ default: m.Person })));
const PeopleImport = lazy(() =>
  import('./people/PeopleImport').then((m) => ({ default: m.PeopleImport })),
);
const NewQuestion = lazy(() =>
  import('./questions/NewQuestion').then((m) => ({ default: m.NewQuestion })),
);
const Question = lazy(() => import('./questions/Question').then((m) => ({ default: m.Question })));
const Trades = lazy(() => import('./trades/Trades').then((m) => ({ default: m.Trades })));

/** Which administration page an address shows; what somebody may not open is not offered. */
export function AdminPages() {
  const t = useTranslations('admin');
  const areas = useAreas();
  return (
    <>
      <AdminNav areas={areas} />
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">{() => <Redirect replace to={`/${areas[0]}`} />}</Route>
          <Route path="/people">{() => <People />}</Route>
          <Route path="/people/new">{() => <NewPerson />}</Route>
          <Route path="/people/import">{() => <PeopleImport />}</Route>
          <Route path="/people/:id">{({ id }) => <Person key={id} personId={Number(id)} />}</Route>
          <Route path="/centers">{() => <Centers />}</Route>
          <Route path="/trades">{() => <Trades />}</Route>
          <Route path="/banks">{() => <Banks />}</Route>
          <Route path="/banks/:id">{({ id }) => <Bank bankId={Number(id)} key={id} />}</Route>
          <Route path="/banks/:id/new">
            {({ id }) => <NewQuestion bankId={Number(id)} key={id} />}
          </Route>
          <Route path="/questions/:id">
            {({ id }) => <Question key={id} questionId={Number(id)} />}
          </Route>
          <Route path="/exams">{() => <Exams />}</Route>
          <Route path="/exams/new">{() => <NewExam />}</Route>
          <Route path="/exams/:id/:tab?">
            {({ id, tab }) => <Exam examId={Number(id)} key={id} tab={tab ?? 'details'} />}
          </Route>
          <Route path="/audit">{() => <Audit />}</Route>
          <Route>{() => <EmptyState title={t('noPage')} />}</Route>
        </Switch>
      </Suspense>
    </>
  );
}
