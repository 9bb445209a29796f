// Temperatures of the model, kelvins. Nothing heats it but an outside hand.

/** Composite temperature of a model that nobody has heated. */
export const COMFORTABLE_KELVIN = 300;

/** Identify Controller WCTEMP, 70 degrees Celsius: default of the over temperature threshold too. */
export const WARNING_TEMPERATURE_KELVIN = 343;

/** Identify Controller CCTEMP. */
export const CRITICAL_TEMPERATURE_KELVIN = 358;

/** Identify Controller MNTMT: the least that Host Controlled Thermal Management takes. */
export const THERMAL_KELVIN_MIN = 273;

/** Identify Controller MXTMT: the most that it takes. */
export const THERMAL_KELVIN_MAX = 358;
