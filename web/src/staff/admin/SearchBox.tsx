import { useEffect, useState } from 'react';
import { TextField } from '../../ui/TextField';

const PAUSE_MS = 300;

/** Searches when somebody stops typing; `value` is what is searched for now. */
export function SearchBox({
  label,
  value,
  onSearch,
}: {
  label: string;
  value: string;
  onSearch: (text: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onSearch(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onSearch]);
  return <TextField label={label} onChange={setTyped} type="search" value={typed} />;
}
