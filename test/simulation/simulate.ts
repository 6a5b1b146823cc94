/**
 * `npm run simulate [-- --campaign NAME] [--seed N] [--seconds N] [--exhaustive N]`: crash histories
 * without end, each from a seed of its own, until one shows a mistake or the time is over. `--seed`
 * runs one again; `--exhaustive 3` runs every history of up to three operations instead.
 */
import { parseArgs } from 'node:util'
import { type CampaignName, campaigns, describeResult, runCampaign } from './campaigns.ts'
import { historiesOf, runTriple } from './triples.ts'

const { values } = parseArgs({
  options: {
    campaign: { type: 'string' },
    seed: { type: 'string' },
    seconds: { type: 'string' },
    exhaustive: { type: 'string' },
  },
})

const names = Object.keys(campaigns) as readonly CampaignName[]
const PROGRESS_EVERY = 200

async function main(): Promise<void> {
  if (values.exhaustive !== undefined) return await exhaust(Number(values.exhaustive))
  const chosen = names.filter((name) => values.campaign === undefined || name === values.campaign)
  if (chosen.length === 0) throw new Error(`no campaign ${values.campaign}: ${names.join(', ')}`)
  const until = values.seconds === undefined ? Infinity : Date.now() + 1000 * Number(values.seconds)
  // Long runs begin where no run has been before.
  let seed = values.seed === undefined ? Date.now() % 0x3fffffff : Number(values.seed)
  let stateCount = 0
  do {
    for (const name of chosen) {
      const campaign = { ...campaigns[name], firstSeed: seed, seedCount: 1 }
      const result = await runCampaign(campaign)
      stateCount += result.stateCount
      say(`--campaign ${name} --seed ${seed}: ${describeResult(campaign, result)}`)
    }
    say(`${stateCount} crash states so far`)
    seed++
  } while (values.seed === undefined && Date.now() < until)
}

async function exhaust(lengthMax: number): Promise<void> {
  let [historyCount, stateCount] = [0, 0]
  for (let length = 1; length <= lengthMax; length++) {
    for (const history of historiesOf(length)) {
      stateCount += (await runTriple(history)).stateCount
      if (++historyCount % PROGRESS_EVERY === 0) {
        say(`${historyCount} histories, ${stateCount} crash states`)
      }
    }
  }
  say(`all ${historyCount} histories of up to ${lengthMax}: ${stateCount} crash states`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()
