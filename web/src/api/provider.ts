import { Refusal, type Schemas } from '@oep/client';
import { useEffect, useState } from 'react';
import { useLogin } from './Oep';

/** What the browser came back from the identity provider with. */
export interface Answer {
  readonly code?: string;
  /** The slug of what went wrong instead. */
  readonly problem?: string;
}

/** The door of the identity provider on a sign-in page. */
export interface ProviderDoor {
  /** What its button says; undefined where there is none, or as long as nobody knows. */
  readonly name: string | undefined;
  readonly address: string;
  /** True while tokens are fetched for a browser that is back. */
  readonly isPending: boolean;
  /** Whatever the last sign-in by it was refused with; `nextStepOf` may tell of a second step. */
  readonly refusal: unknown;
}

/** Reads and removes what stands behind the # when the browser is back; undefined when it is not. */
export function takeAnswer(place: Location, history: History): Answer | undefined {
  const told = new URLSearchParams(place.hash.slice(1));
  const code = told.get('oidc');
  const problem = told.get('oidc-problem');
  if (!code && !problem) return undefined;
  history.replaceState(history.state, '', place.pathname + place.search);
  return code ? { code } : { problem: problem ?? '' };
}

/** Taken once, when the page is loaded: a component may be made twice. */
const landed = globalThis.location && takeAnswer(globalThis.location, globalThis.history);
let entering: Promise<unknown> | undefined;

/** Offers sign-in by the identity provider, and finishes it when the browser is back on this page. */
export function useProviderDoor(words: (slug: string) => string): ProviderDoor {
  const { keeper } = useLogin();
  const [about, setAbout] = useState<Schemas['OidcShape']>();
  const [isPending, setPending] = useState(landed?.code !== undefined && entering === undefined);
  const [refusal, setRefusal] = useState<unknown>(() => problemOf(landed, words));

  useEffect(() => {
    let isGone = false;
    // Who cannot be asked offers nothing: a password will do.
    keeper.identityProvider().then(
      (told) => isGone || setAbout(told),
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [keeper]);

  useEffect(() => {
    if (!landed?.code) return;
    entering ??= keeper.signInByProvider(landed.code);
    entering.catch(setRefusal).finally(() => setPending(false));
  }, [keeper]);

  const address = keeper.identityProviderAddress(globalThis.location?.pathname ?? '/app');
  return { name: about?.is_on ? about.name : undefined, address, isPending, refusal };
}

function problemOf(answer: Answer | undefined, words: (slug: string) => string): unknown {
  const slug = answer?.problem;
  if (slug === undefined) return undefined;
  return new Refusal({ status: 403, slug, detail: words(slug) });
}
