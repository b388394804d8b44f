/* The list of passes opens without network too. */
import { keep } from "./offline-page.js";

keep("/passes/worker.js").catch(() => {});
