/**
 * Who besides the owner, who may everything: nobody, everybody, or everybody with credentials. Of a
 * bucket, read means list. Each is what the canned ACL of that name says.
 * Source: AWS S3 User Guide, "Access control list (ACL) overview", canned ACL.
 */
export type Acl = 'private' | 'public-read' | 'public-read-write' | 'authenticated-read'

/** As "public" is meant by a public access block: whoever has credentials of any account counts. */
export function isPublicAcl(acl: Acl): boolean {
  return acl !== 'private'
}
