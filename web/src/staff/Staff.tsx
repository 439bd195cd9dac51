import { Router } from 'wouter';
import { useLogin } from '../api';
import { Pages } from './Pages';
import { isStaff } from './roles';
import { Shell } from './Shell';
import { SignIn } from './SignIn';

/** The staff's pages: everything under `/app/staff`. Who signs in stays at the address he came to. */
export function Staff() {
  const { login, end } = useLogin();
  const user = login?.user;
  return (
    <Router base="/app/staff">
      {user && isStaff(user) ? (
        <Shell user={user}>
          <Pages key={user.id} />
        </Shell>
      ) : (
        <SignIn end={end} stranger={user} />
      )}
    </Router>
  );
}
