import { render } from "preact";
import { App } from "./app.tsx";

const board = document.getElementById("board");
if (board) render(<App />, board);
