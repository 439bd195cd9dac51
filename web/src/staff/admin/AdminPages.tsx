import { Suspense } from 'react';
import { useTranslations } from 'use-intl';
import { Redirect, Route, Switch } from 'wouter';
import { EmptyState } from '../../ui/EmptyState';
import { part } from '../../ui/part';
import { Loading } from '../../ui/Spinner';
import { AdminNav, useAreas } from './AdminNav';

const Audit = part(() => import('./audit/Audit').then((m) => m.Audit));
const Bank = part(() => import('./banks/Bank').then((m) => m.Bank));
const Banks = part(() => import('./banks/Banks').then((m) => m.Banks));
const Centers = part(() => import('./centers/Centers').then((m) => m.Centers));
const Exam = part(() => import('./exams/Exam').then((m) => m.Exam));
const Exams = part(() => import('./exams/Exams').then((m) => m.Exams));
const NewExam = part(() => import('./exams/NewExam').then((m) => m.NewExam));
const NewPerson = part(() => import('./people/NewPerson').then((m) => m.NewPerson));
const People = part(() => import('./people/People').then((m) => m.People));
const Person = part(() => import('./people/Person').then((m) => m.Person));
const PeopleImport = part(() => import('./people/PeopleImport').then((m) => m.PeopleImport));
const NewQuestion = part(() => import('./questions/NewQuestion').then((m) => m.NewQuestion));
const Question = part(() => import('./questions/Question').then((m) => m.Question));
const Trades = part(() => import('./trades/Trades').then((m) => m.Trades));

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
