/** The present, as the server has it, and questions that are requested again. */

import { signal } from "@preact/signals";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Stamp } from "../gen/slx/v1/common_pb.ts";
import { problem } from "./api.ts";
import { millis } from "./spans.ts";

const SECOND = 1000;
/** How far this machine's clock is behind the server's, in milliseconds. */
let behind = 0;

/** The present second: what is left runs down by it. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now() + behind;
}, SECOND);

/** Takes the time of an answer as of now. Half a second is on its way. */
export function keepTime(stamp: Stamp | undefined): void {
  if (!stamp?.asOfTime) return;
  const off = millis(stamp.asOfTime) - Date.now();
  behind = Math.abs(off) < SECOND ? 0 : off;
}

/** What became of a question. */
export interface Answer<T> {
  /** The last answer there was. */
  data?: T;
  /** What went wrong since. */
  error?: { text: string; detail: string };
  isBusy: boolean;
  /** Asks again. */
  again: () => void;
}

/**
 * Asks whenever `of` changes, and again after so many milliseconds while somebody looks. Until there
 * is a new answer the last one stays, unless it was to another question.
 */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  of: unknown[],
  every = 0,
): Answer<T> {
  const [state, setState] = useState<{ data?: T; error?: Answer<T>["error"]; isBusy: boolean }>({
    isBusy: true,
  });
  const [round, setRound] = useState(0);
  const question = JSON.stringify(of);
  const requested = useRef(question);
  // Whoever asks again while an answer is awaited waits for it: else a slow one would never come.
  const under = useRef({ way: false, isWanted: false });
  const again = useCallback(() => {
    if (under.current.way) under.current.isWanted = true;
    else setRound((last) => last + 1);
  }, []);
  // Not after the first paint: the answer is on its way meanwhile.
  useLayoutEffect(() => {
    const giveUp = new AbortController();
    const isOther = requested.current !== question;
    requested.current = question;
    under.current = { way: true, isWanted: false };
    setState((last) => (isOther ? { isBusy: true } : { ...last, isBusy: true }));
    const end = (next: (last: typeof state) => typeof state) => {
      if (giveUp.signal.aborted) return;
      const { isWanted } = under.current;
      under.current = { way: false, isWanted: false };
      setState(next);
      if (isWanted) again();
    };
    ask(giveUp.signal).then(
      (data) => end(() => ({ data, isBusy: false })),
      (error: unknown) => {
        const said = problem(error) ?? undefined;
        end((last) => ({ ...last, isBusy: false, ...(said ? { error: said } : {}) }));
      },
    );
    return () => giveUp.abort();
  }, [question, round]);
  useEffect(() => {
    if (every === 0) return;
    const look = () => {
      if (!document.hidden) again();
    };
    const timer = setInterval(look, every);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [every]);
  return { ...state, again };
}
