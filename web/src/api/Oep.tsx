import { type Api, createApi, LoginKeeper, type LoginState, ServerClock } from '@oep/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useState, useSyncExternalStore } from 'react';
import { retriesQuery } from './queries';

/** What all pages share: who is signed in, the platform's routes, the server's time. */
export interface Oep {
  readonly login: LoginKeeper;
  readonly api: Api;
  readonly clock: ServerClock;
}

const Context = createContext<Oep | undefined>(undefined);

/** Gives the pages below the login of this tab and the platform; `oep` replaces both in tests. */
export function OepProvider({ children, oep }: { children: ReactNode; oep?: Oep }) {
  const [shared] = useState(() => oep ?? open());
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: retriesQuery } } }),
  );
  return (
    <Context value={shared}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </Context>
  );
}

/** What the provider gives. */
export function useOep(): Oep {
  const oep = use(Context);
  if (!oep) throw new Error('no OepProvider above');
  return oep;
}

export function useApi(): Api {
  return useOep().api;
}

/** Who is signed in, or why nobody is; renders anew when that changes. */
export function useLogin(): LoginState & { readonly keeper: LoginKeeper } {
  const { login: keeper } = useOep();
  const state = useSyncExternalStore(
    (changed) => keeper.onChange(changed),
    () => keeper.state,
  );
  return { ...state, keeper };
}

function open(): Oep {
  const login = new LoginKeeper();
  const clock = new ServerClock();
  return { login, api: createApi({ login, clock }), clock };
}
