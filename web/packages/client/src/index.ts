/** What an exam page needs to talk to OEP; README.md shows the twenty lines that use it. */

export type { paths } from './api.gen';
