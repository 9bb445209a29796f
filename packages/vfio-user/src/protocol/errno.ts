/** Linux's error numbers as far as replies have them. */
export const ENOENT = 2;
/** Answer or data did not come. */
export const EIO = 5;
/** More than can be had. */
export const ENOMEM = 12;
/** Nothing is mapped there. */
export const EFAULT = 14;
/** Something is mapped there already. */
export const EEXIST = 17;
/** What was asked for makes no sense. */
export const EINVAL = 22;
/** There is no such command. */
export const ENOSYS = 38;
/** There is such a command, but not here. */
export const ENOTSUP = 95;
