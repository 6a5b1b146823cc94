import { escapeXml, xmlDocument } from './write-xml.ts'

/** S3 has always said nothing for us-east-1; clients take '' for it. */
export function locationConstraint(region: string): string {
  return xmlDocument('LocationConstraint', [region === 'us-east-1' ? '' : escapeXml(region)])
}
