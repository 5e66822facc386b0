// Makes a chosen picture small enough for slow lines before it is sent. Where the browser cannot,
// it is sent as it is and the node says what is wrong with it.
const SIDE = 1280;

const smaller = async (file, bytes) => {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  if (file.size <= bytes && scale === 1) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const paper = canvas.getContext("2d");
  paper.fillStyle = "white";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
  for (const quality of [0.8, 0.65, 0.5, 0.35]) {
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (made.size <= bytes) {
      return new File([made], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" });
    }
  }
  return file;
};

for (const input of document.querySelectorAll("input[data-shrink]")) {
  const button = input.form.querySelector("button");
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    button.disabled = true;
    try {
      const bag = new DataTransfer();
      bag.items.add(await smaller(file, Number(input.dataset.shrink)));
      input.files = bag.files;
    } catch {
      // It stays as it was chosen.
    } finally {
      button.disabled = false;
    }
  });
}
