import { calendarNamed, holesIn, type CandleColumns, type Dataset, type Instrument } from "@tradewind/core";

interface Market {
  readonly dataset: Pick<Dataset, "closeTime" | "matrix">;
  readonly columns: CandleColumns;
  readonly instrument: Instrument;
}

/** Tells whether the market went on from one row to a later one, without a hole in the data between them, over which nobody earns. */
export function followerOf({ dataset, columns, instrument }: Market): (row: number, next: number) => boolean {
  const { closeTime, matrix } = dataset;
  const holes = holesIn(columns, calendarNamed(instrument.calendar), matrix.window);
  return (row, next) => !holes.some(({ from }) => closeTime[row]! <= from && closeTime[next]! > from);
}
