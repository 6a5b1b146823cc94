/** As headers and XML carry it: in double quotes. */
export function formatEtag(etag: string): string {
  return `"${etag}"`
}

/** One entity tag without its quotes and without a weak mark; bare ones are taken as they are. */
export function parseEtag(text: string): string {
  let tag = text.trim()
  if (tag.startsWith('W/')) tag = tag.slice(2)
  return tag.length >= 2 && tag.startsWith('"') && tag.endsWith('"') ? tag.slice(1, -1) : tag
}

/** The tags of an If-Match or If-None-Match header; `['*']` for any. Empty members are dropped. */
export function parseEtagList(text: string): readonly string[] {
  const tags: string[] = []
  for (const member of text.match(LIST_MEMBER) ?? []) {
    const tag = parseEtag(member)
    if (tag !== '') tags.push(tag)
  }
  return tags
}

// Commas inside quotes belong to the tag. An unpaired quote starts a bare member.
const LIST_MEMBER = /(?:\s*(?:W\/)?"[^"]*"\s*(?=,|$))|[^,]+/g
