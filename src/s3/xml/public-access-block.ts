import type { PublicAccessBlock } from '../../store/bucket-config.ts'
import { allowOnly, childFlag } from './read-fields.ts'
import { readXml } from './read-xml.ts'
import { element, xmlDocument } from './write-xml.ts'

const ROOT = 'PublicAccessBlockConfiguration'
const FLAGS = new Set([
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
])

export function publicAccessBlock(block: PublicAccessBlock): string {
  return xmlDocument(ROOT, [
    element('BlockPublicAcls', block.blockPublicAcls),
    element('IgnorePublicAcls', block.ignorePublicAcls),
    element('BlockPublicPolicy', block.blockPublicPolicy),
    element('RestrictPublicBuckets', block.restrictPublicBuckets),
  ])
}

/** @throws S3Error `MalformedXML` */
export function readPublicAccessBlock(text: string): PublicAccessBlock {
  const root = readXml(text, ROOT)
  allowOnly(root, FLAGS)
  return {
    blockPublicAcls: childFlag(root, 'BlockPublicAcls', false),
    ignorePublicAcls: childFlag(root, 'IgnorePublicAcls', false),
    blockPublicPolicy: childFlag(root, 'BlockPublicPolicy', false),
    restrictPublicBuckets: childFlag(root, 'RestrictPublicBuckets', false),
  }
}
