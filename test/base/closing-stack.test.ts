import { describe, expect, it } from 'vitest'
import { ClosingStack } from '../../src/base/closing-stack.ts'

describe('a closing stack', () => {
  const recorder = () => {
    const closed: string[] = []
    const resource = (name: string, failure?: Error): AsyncDisposable => ({
      async [Symbol.asyncDispose]() {
        closed.push(name)
        if (failure !== undefined) throw failure
      },
    })
    return { closed, resource }
  }

  it('closes in reverse, each once', async () => {
    const { closed, resource } = recorder()
    const stack = new ClosingStack()
    stack.own(resource('first'))
    stack.own(resource('second'))
    await stack[Symbol.asyncDispose]()
    await stack[Symbol.asyncDispose]()
    expect(closed).toEqual(['second', 'first'])
  })

  it('closes all, and then tells of the first failure', async () => {
    const { closed, resource } = recorder()
    const stack = new ClosingStack()
    const failure = new Error('second')
    stack.own(resource('first', new Error('first')))
    stack.own(resource('second', failure))
    stack.own(resource('third'))
    await expect(stack[Symbol.asyncDispose]()).rejects.toBe(failure)
    expect(closed).toEqual(['third', 'second', 'first'])
  })
})
