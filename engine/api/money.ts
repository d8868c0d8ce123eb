/** Of the currency's unit. */
const millionths = 1e6

/**
 * An amount to be told, to a millionth of the currency: sums of the same figures, which are added up in another order live
 * than from history, must not differ in their last bit.
 */
export const tellMoney = (amount: number): number => Math.round(amount * millionths) / millionths
