// The first look of a video: a picture, its size, its length. Only a page can decode one.

const WAIT_MS = 10_000, SIDE = 640;

/** @param {Blob} file @returns {Promise<{ picture: Blob | null, width: number, height: number, seconds: number } | null>} null: this browser does not play it */
export async function poster(file) {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'auto';
  try {
    const limit = AbortSignal.timeout(WAIT_MS);
    await event(video, 'loadeddata', limit, () => { video.src = url; });
    const seconds = Number.isFinite(video.duration) ? video.duration : 0;
    const at = Math.min(1, seconds / 10);
    if (at > 0) await event(video, 'seeked', limit, () => { video.currentTime = at; });
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || !height) return null;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', 0.85));
    return { picture, width, height, seconds };
  } catch {
    return null;
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  }
}

/** @param {HTMLVideoElement} video @param {string} name @param {AbortSignal} limit @param {() => void} begin */
function event(video, name, limit, begin) {
  return new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener('error', reject, { once: true });
    limit.addEventListener('abort', reject, { once: true });
    begin();
  });
}
