import { resolve } from 'node:path'

export interface BannerFacts {
  readonly version: string
  readonly dataDir: string
  readonly endpoint: string
  readonly region: string
  readonly accessKey: string
  /** Only when the pair was made just now: then it is shown, and never again. */
  readonly newSecretKey: string | null
  /** Whether the pair comes from the settings, where its owner has the secret. */
  readonly isConfigured: boolean
}

/** What a person reads at start: where the server is, and lines to paste for the AWS CLI. */
export function banner(facts: BannerFacts): string {
  const { version, endpoint, region } = facts
  const aws = `aws --endpoint-url ${endpoint}`
  return `
Varve ${version} keeps its data in ${resolve(facts.dataDir)}
and speaks S3 at ${endpoint} (region ${region}).

${keys(facts)}

  export AWS_ACCESS_KEY_ID=${shellWord(facts.accessKey)}
  export AWS_SECRET_ACCESS_KEY=${secret(facts)}
  export AWS_DEFAULT_REGION=${region}

  ${aws} s3 mb s3://my-bucket
  ${aws} s3 cp README.md s3://my-bucket/
  ${aws} s3 ls s3://my-bucket

`
}

function keys(facts: BannerFacts): string {
  if (facts.newSecretKey !== null) {
    return `Root keys were made, and are shown this once; they are kept in ${fileOf(facts)}.
To use them with the AWS CLI:`
  }
  if (facts.isConfigured) {
    return `The root keys are those in your settings.
To use them with the AWS CLI, with the secret key in place of the dots:`
  }
  return `The root keys are those in ${fileOf(facts)}. To use them with the AWS CLI:`
}

/** A word for the shell that gives the secret without showing it, where that can be. */
function secret(facts: BannerFacts): string {
  if (facts.newSecretKey !== null) return shellWord(facts.newSecretKey)
  if (facts.isConfigured) return "'…'"
  const program = `require(${JSON.stringify(fileOf(facts))}).secretKey`
  return `"$(node -p ${shellWord(program)})"`
}

function fileOf({ dataDir }: BannerFacts): string {
  return resolve(dataDir, 'credentials.json')
}

/** Quoted when a shell would read anything into it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
