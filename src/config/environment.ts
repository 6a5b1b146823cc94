/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of the process. Nothing outside of this folder reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/**
 * Kubernetes gives every pod variables about the services beside it, and those of a service called
 * `varve` look like settings: VARVE_SERVICE_HOST, VARVE_PORT=tcp://10.0.0.1:9000 and
 * VARVE_PORT_9000_TCP_ADDR. (Kubernetes, "Accessing the Service", environment variables.)
 */
export function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(name)) return true
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true
  return /_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)
}
