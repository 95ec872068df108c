import { expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { Progress } from '../store/progress.js'
import { LiveChannel } from './live-channel.js'
import { liveStream } from './live-stream.js'

it('ends when its channel stops, so that a page that is open does not hold up the end of the service', () => {
  const channel = new LiveChannel(new Progress(), systemClock())
  channel.start()
  const said: string[] = []
  liveStream(channel, undefined, undefined).subscribe({ next: ({ type }) => void said.push(String(type)), complete: () => void said.push('over') })
  channel.stop()
  expect(said).toEqual(['hello', 'over'])
})
