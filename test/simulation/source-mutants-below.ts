import type { SourceMutant } from './source-mutant.ts'

/** Mistakes in segments and in the engine. */
export const mutantsBelow: readonly SourceMutant[] = [
  {
    name: 'does not sync the folder of a new file',
    file: 'segment/segment-writer.ts',
    find: '      await fs.syncDirectory(folder)\n',
    replace: '',
    caughtBy: 'crashes',
  },
  {
    name: 'does not sync the header of a new file',
    file: 'segment/segment-writer.ts',
    find: '      await handle.sync()\n      await fs.syncDirectory(folder)',
    replace: '      await fs.syncDirectory(folder)',
    caughtBy: 'crashes',
  },
  {
    name: 'acknowledges before the sync has ended',
    file: 'segment/segment-writer.ts',
    find: '      await this.#handle?.sync()\n',
    replace: '      this.#handle?.sync().catch(() => {})\n',
    caughtBy: 'crashes',
  },
  {
    name: 'believes that what it wrote is synced',
    file: 'segment/segment-writer.ts',
    find: '    if (this.#durable >= this.#size || this.#isUntouched) return Promise.resolve()',
    replace: '    if (this.#written >= this.#size || this.#isUntouched) return Promise.resolve()',
    caughtBy: 'crashes',
  },
  {
    name: 'ignores a sync that fails',
    file: 'segment/segment-writer.ts',
    find: '      await this.#handle?.sync()\n    } catch (error) {\n      throw this.#fail(error)\n    }',
    replace: '      await this.#handle?.sync()\n    } catch {}',
    caughtBy: 'faults',
  },
  {
    name: 'tries a sync that failed once more on the same file',
    file: 'segment/segment-writer.ts',
    find: '      await this.#handle?.sync()\n',
    replace: '      await this.#handle?.sync().catch(() => this.#handle?.sync())\n',
    caughtBy: 'faults',
  },
  {
    name: 'ignores a write that fails',
    file: 'segment/segment-writer.ts',
    find: '      await this.#handle.write(this.#buffer.take(), this.#written)\n',
    replace: '      await this.#handle.write(this.#buffer.take(), this.#written).catch(() => {})\n',
    caughtBy: 'faults',
  },
  {
    name: 'says of a record that it is durable when it is only written',
    file: 'segment/segment-writer.ts',
    find: '      durableEnd: this.#durable,',
    replace: '      durableEnd: this.#size,',
    caughtBy: 'crashes',
  },
  {
    name: 'writes the trailer before the footer is durable',
    file: 'segment/segment-writer.ts',
    find: 'this.#size, journal)\n    await this.sync()\n',
    replace: 'this.#size, journal)\n',
    caughtBy: 'crashes',
  },
  {
    name: 'checks no CRC of a payload',
    file: 'segment/record.ts',
    find: 'payload.length === header.storedSize && crc32c(payload) === header.payloadCrc',
    replace: 'payload.length === header.storedSize',
    caughtBy: 'damage',
  },
  {
    name: 'takes what is damaged in the midst of a file for its torn end',
    file: 'segment/segment-scan.ts',
    find: '      const next = await findRecord(window, source, at + ALIGNMENT)\n      if (next === null) break',
    replace:
      '      const next = await findRecord(window, source, source.to)\n      if (next === null) break',
    caughtBy: 'damage',
  },
  {
    name: 'commits a large body that is not synced',
    file: 'engine/blob-writing.ts',
    find: '      if (writer.durableSize < end) await this.#guard(writer, writer.sync())\n',
    replace: '      if (writer.durableSize < end) await this.#guard(writer, writer.write())\n',
    caughtBy: 'crashes',
  },
  {
    name: 'leaves the last living record out of a compaction',
    file: 'engine/compaction/compactor.ts',
    find: '    for (const source of this.#order.sources) await this.#copyLiving(source)',
    replace:
      '    for (const source of this.#order.sources.slice(0, -1)) await this.#copyLiving(source)',
    caughtBy: 'crashes',
  },
  {
    name: 'flips to a compacted segment that is not sealed',
    file: 'engine/compaction/compactor.ts',
    find: '    await this.#writer.seal()\n    await this.#proveOutput(this.#writer.id)',
    replace: '    await this.#writer.write()',
    caughtBy: 'crashes',
  },
]
