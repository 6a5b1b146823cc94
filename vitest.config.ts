import { defineConfig } from 'vitest/config'

/**
 * One project per height of test, so that each verb in package.json names just what it runs. They
 * run one after the other, the quick ones first, on every core.
 */
const everyCore = { maxWorkers: '100%' }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'house',
          include: ['test/house/**/*.test.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/house/**', 'test/simulation/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...everyCore,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 600_000,
          ...everyCore,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'durability',
          include: ['conformance/durability/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          ...everyCore,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['conformance/**/*.test.ts'],
          exclude: ['conformance/durability/**'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          ...everyCore,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
