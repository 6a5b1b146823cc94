/**
 * The one owner of everything: Varve has a single account. Its id has the shape of AWS's canonical
 * user ids, because clients parse it; it is SHA-256 of "varve", and never changes.
 */
export const owner = {
  id: '8bcf7fe936d8b8e4d6e62723ac811697da535718bff8a1ffb56614b0f0590387',
  displayName: 'varve',
} as const

/** AWS account ids have twelve digits; clients that must name one name this. */
const ACCOUNT_ID = '000000000000'

/** Whether x-amz-expected-bucket-owner names the one account there is. */
export function isOwner(id: string): boolean {
  return id === owner.id || id === ACCOUNT_ID
}
