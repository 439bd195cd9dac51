import { Router } from 'wouter';
import { Pages } from './Pages';
import { Shell } from './Shell';

/** The staff's pages: everything under `/app/staff`. */
export function Staff() {
  return (
    <Router base="/app/staff">
      <Shell>
        <Pages />
      </Shell>
    </Router>
  );
}
