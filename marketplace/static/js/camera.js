/* Reads QR codes from the camera: by the browser's own detector, else by jsQR (vendored). */

const EVERY = 200; // milliseconds between two looks
const REST = 2500; // the same code is not reported again sooner

async function decoder() {
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => ((await detector.detect(video))[0] || {}).rawValue;
  }
  await new Promise((good, bad) => {
    const script = document.createElement("script");
    script.src = "/static/vendor/jsqr-1.4.0/jsQR.js";
    script.onload = good;
    script.onerror = bad;
    document.head.append(script);
  });
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, 800 / video.videoWidth);
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    return (window.jsQR(picture.data, picture.width, picture.height) || {}).data;
  };
}

/* `box` has a button to open, a video, a button to close, and a place for words. */
export function watch(box, found) {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  const [open, close] = ["open", "close"].map((name) => box.querySelector(`[data-${name}]`));
  const video = box.querySelector("video"), says = box.querySelector("[data-camera-says]");
  let stream = null, timer = 0, last = "", at = 0;
  box.hidden = false;

  function stop() {
    clearTimeout(timer);
    const held = document.activeElement === close;
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = close.hidden = true;
    open.hidden = false;
    if (held) open.focus();
  }

  async function start() {
    if (open.ariaDisabled) return;
    open.ariaDisabled = "true"; // a second camera would be on and never be turned off; a disabled one loses the focus
    says.textContent = "";
    try {
      const decode = await decoder();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = stream;
      await video.play();
      video.hidden = close.hidden = false;
      if (document.activeElement === open) close.focus();
      open.hidden = true;
      const look = async () => {
        if (!stream) return;
        const text = video.videoWidth ? await decode(video).catch(() => "") : "";
        if (text && (text !== last || Date.now() - at > REST)) {
          last = text;
          found(text);
        }
        if (text) at = Date.now();
        timer = setTimeout(look, EVERY);
      };
      look();
    } catch {
      stop();
      says.textContent = "カメラを使えません。ブラウザーの設定で許すか、番号を入力してください。";
    } finally {
      open.ariaDisabled = null;
    }
  }

  open.addEventListener("click", start);
  close.addEventListener("click", stop);
}
