/** A short, soft sound that no file is needed for. */

let context: AudioContext | undefined;

/** Two tones; silent where the browser has not been touched yet, as browsers want it. */
export function chime(): void {
  try {
    context ??= new AudioContext();
    const { currentTime } = context;
    tone(context, 660, currentTime);
    tone(context, 880, currentTime + 0.14);
  } catch {
    // A machine without sound: what is to be seen is on the page.
  }
}

function tone(on: AudioContext, hertz: number, at: number): void {
  const [source, volume] = [on.createOscillator(), on.createGain()];
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.15, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
  source.connect(volume).connect(on.destination);
  source.start(at);
  source.stop(at + 0.32);
}
