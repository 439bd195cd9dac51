/** The counterpart of the kit's plus. */
export function IconLess() {
  return (
    <svg aria-hidden="true" fill="none" height="1em" viewBox="0 0 24 24" width="1em">
      <path d="M5 12h14" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
