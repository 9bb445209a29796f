/** How a controller can be made to fail; see `Controller.fail`. */
export type FailMode = 'fatal' | 'hang' | 'remove';
