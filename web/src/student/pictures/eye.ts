/** Looks through a camera that is on, and makes JPEGs of what it shows; WebP is not made by all browsers. */

import { MOST_BYTES, type Picture } from '@oep/client/snapshots';
import { fitted, type Making, within } from './shots';

/** A frame comes within moments, or the camera is held by somebody else. */
const FRAME_MS = 5_000;
const TYPE = 'image/jpeg';

export class Eye {
  readonly #video = document.createElement('video');

  constructor(stream: MediaStream) {
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.srcObject = stream;
  }

  /** Rejects when the camera gives no picture. */
  async shoot(): Promise<Picture> {
    await this.#video.play();
    await this.#frame();
    const blob = await within(MOST_BYTES, (making) => this.#make(making));
    return { source: 'camera', media_type: TYPE, content: await blob.arrayBuffer() };
  }

  close(): void {
    this.#video.pause();
    this.#video.srcObject = null;
  }

  async #frame(): Promise<void> {
    if (this.#video.videoWidth > 0) return;
    await new Promise((resolve, reject) => {
      this.#video.addEventListener('loadeddata', resolve, { once: true });
      setTimeout(reject, FRAME_MS);
    });
  }

  async #make({ side, quality }: Making): Promise<Blob | null> {
    const canvas = document.createElement('canvas');
    const { videoWidth, videoHeight } = this.#video;
    [canvas.width, canvas.height] = fitted(videoWidth, videoHeight, side);
    canvas.getContext('2d')?.drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, TYPE, quality));
  }
}
