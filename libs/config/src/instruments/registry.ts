import { alpaca } from "./alpaca.ts";
import { binance } from "./binance.ts";
import { bybit } from "./bybit.ts";
import type { BrokerDefinition } from "./broker.ts";
import { deribit } from "./deribit.ts";
import { kraken } from "./kraken.ts";
import { okx } from "./okx.ts";

/** Every broker by name; a new one is its file and its line here. */
export const brokers: Readonly<Record<string, BrokerDefinition>> = { bybit, binance, okx, kraken, deribit, alpaca };
