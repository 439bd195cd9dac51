import { lazy, Suspense } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { OepProvider, useLogin } from '../api';
import { SignIn } from './entry/SignIn';
import { Loading } from './parts/Loading';

const Attempts = lazy(async () => ({ default: (await import('./attempts/Attempts')).Attempts }));
const Attempt = lazy(async () => ({ default: (await import('./attempt/Attempt')).Attempt }));

/** The student's pages. */
export function Student() {
  return (
    <OepProvider>
      <Router base="/app">
        <Pages />
      </Router>
    </OepProvider>
  );
}

/** Who is not signed in signs in where he is: a login that ended in the middle leads back to its page. */
function Pages() {
  const { login, end } = useLogin();
  if (!login) return <SignIn hasEnded={end === 'ended'} />;
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/attempts/:id">
          {({ id }) => <Attempt id={Number(id)} key={`${login.user.id} ${id}`} />}
        </Route>
        <Route path="/attempts">
          <Attempts key={login.user.id} />
        </Route>
        <Route>
          <Redirect replace to="/attempts" />
        </Route>
      </Switch>
    </Suspense>
  );
}
