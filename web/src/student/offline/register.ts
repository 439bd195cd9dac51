/** Has the page kept for a reload without a line, once it is shown; where that cannot be, nothing changes. */
export function keepPage(): void {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  const options = { scope: '/app/', updateViaCache: 'none' } as const;
  const register = () => {
    navigator.serviceWorker.register('/app/worker.js', options).catch(() => undefined);
  };
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
}
