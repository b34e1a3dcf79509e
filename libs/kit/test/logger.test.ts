import { inputFailure } from "@tradewind/core";
import { expect, test } from "vitest";
import { lineOf } from "../src/index.ts";

test.each([
  [inputFailure("BAD_SYMBOL", 'symbol "B\u001b[31m\nTC" is none'), 'BAD_SYMBOL: symbol "B [31m TC" is none'],
  [new Error("first\n    at second\u2028third"), "first at second third"],
  ["said\r\nlevel=error", "said level=error"],
])("given %j, it is one line that drives no terminal", (error, line) => {
  expect(lineOf(error)).toBe(line);
});
