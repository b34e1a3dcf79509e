import type { DatabaseSync } from "node:sqlite";

/** The numbers that stand for subjects in the tables of streams. */
export interface Subjects {
  /** Of a subject that may be new; within a change. */
  number(name: string): number;
  known(name: string): number | undefined;
  name(number: number): string;
  matching(fits: (name: string) => boolean): number[];
  forget(): void;
}

export function createSubjects(sql: DatabaseSync): Subjects {
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  const insert = sql.prepare("INSERT INTO subjects(number, name) VALUES(?, ?)");
  const all = sql.prepare("SELECT number, name FROM subjects");

  function forget(): void {
    numbers.clear();
    names.clear();
    for (const row of all.all()) learn(row["name"] as string, row["number"] as number);
  }
  function learn(name: string, number: number): void {
    numbers.set(name, number);
    names.set(number, name);
  }
  forget();

  return {
    number(name) {
      let number = numbers.get(name);
      if (number === undefined) {
        number = numbers.size + 1;
        insert.run(number, name);
        learn(name, number);
      }
      return number;
    },
    known: (name) => numbers.get(name),
    name: (number) => names.get(number)!,
    matching: (fits) => [...numbers].filter(([name]) => fits(name)).map(([, number]) => number),
    forget,
  };
}
