import { Suspense, useEffect } from 'react';
import { Redirect, Route, Router, Switch, useLocation } from 'wouter';
import { OepProvider, useLogin, useOep } from '../api';
import { part } from '../ui/part';
import { Whole } from '../ui/Whole';
import { forgetWithLogin, keepSkew } from './attempt/kept';
import { SignIn } from './entry/SignIn';
import { Loading } from './parts/Loading';

const Attempts = part(() => import('./attempts/Attempts').then((m) => m.Attempts));
const Attempt = part(() => import('./attempt/Attempt').then((m) => m.Attempt));

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
  useKept();
  const [address] = useLocation();
  if (!login) return <SignIn hasEnded={end === 'ended'} />;
  return (
    <Whole isMain of={address}>
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
    </Whole>
  );
}

/** The clock goes on after a reload; who signs out leaves no exam behind. */
function useKept(): void {
  const { clock, login: keeper } = useOep();
  useEffect(() => keepSkew(clock), [clock]);
  useEffect(() => forgetWithLogin(keeper), [keeper]);
}
