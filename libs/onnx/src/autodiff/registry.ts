import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as layers from "./layers.ts";
import * as linear from "./linear.ts";
import * as losses from "./losses.ts";
import * as shaping from "./shaping.ts";

const { equal: _withoutGradient, ...differentiable } = arithmetic;

/** Every operation that has a gradient, by name. A test checks each against finite differences; one without a case fails. */
export const operations = { ...differentiable, ...shaping, ...linear, ...activation, ...layers, ...losses };
