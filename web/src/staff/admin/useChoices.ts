import { useGet } from '../../api';

/** More centers or trades than fit into one list are chosen by number elsewhere; nobody has so many. */
const ALL = 1000;

export interface Choice {
  value: string;
  label: string;
}

/** All centers, to choose one of; `none` is the first choice, an empty one. */
export function useCenterChoices(none: string, isWanted = true): readonly Choice[] {
  const { data } = useGet(
    '/api/v1/auth/centers',
    { params: { query: { limit: ALL } } },
    { enabled: isWanted },
  );
  const centers = (data ?? []).map((c) => ({
    value: String(c.id),
    label: `${c.code} · ${c.name}`,
  }));
  return [{ value: '', label: none }, ...centers];
}

/** All trades, as the centers above. */
export function useTradeChoices(none: string): readonly Choice[] {
  const { data } = useGet('/api/v1/exams/trades', {
    params: { query: { limit: ALL, active_only: false } },
  });
  const trades = (data ?? []).map((t) => ({ value: String(t.id), label: `${t.code} · ${t.name}` }));
  return [{ value: '', label: none }, ...trades];
}
