import type { SetVersioning, Versioning } from '../../store/object-store.ts'
import { S3Error } from '../errors.ts'
import { allowOnly, childText } from './read-fields.ts'
import { malformed, readXml } from './read-xml.ts'
import { element, xmlDocument } from './write-xml.ts'

/** VersioningConfiguration, with nothing in it for a bucket where it was never set. */
export function versioningConfiguration(versioning: Versioning): string {
  const status = versioning === 'unversioned' ? null : STATUSES[versioning]
  return xmlDocument('VersioningConfiguration', [element('Status', status)])
}

export interface VersioningDocument {
  readonly versioning: SetVersioning
  /** Deleting a version is to take a second factor. */
  readonly needsMfa: boolean
}

/** @throws S3Error `MalformedXML`; `IllegalVersioningConfigurationException` without a status */
export function readVersioning(text: string): VersioningDocument {
  const root = readXml(text, 'VersioningConfiguration')
  allowOnly(root, FIELDS)
  const mfa = childText(root, 'MfaDelete')?.trim() ?? 'Disabled'
  if (mfa !== 'Enabled' && mfa !== 'Disabled') throw malformed()
  const status = childText(root, 'Status')?.trim()
  if (status === undefined) throw new S3Error('IllegalVersioningConfigurationException')
  return { versioning: versioningOf(status), needsMfa: mfa === 'Enabled' }
}

const STATUSES = { enabled: 'Enabled', suspended: 'Suspended' } as const
const FIELDS: ReadonlySet<string> = new Set(['Status', 'MfaDelete'])

function versioningOf(status: string): SetVersioning {
  if (status === STATUSES.enabled) return 'enabled'
  if (status === STATUSES.suspended) return 'suspended'
  throw malformed()
}
