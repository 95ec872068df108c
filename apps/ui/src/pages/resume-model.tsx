import { post } from '../api.js'
import { Ask } from '../parts/ask.js'

/** A model that was suspended goes on from where it was stopped. */
export function ResumeModel({ model, name }: { model: string; name: string }) {
  return (
    <Ask
      testId="resume-model"
      button="Resume"
      question={`Follow ${name} again, from where it was stopped? It catches up first, and sends nothing until it has.`}
      done={`${name} is followed again`}
      act={(comment) => post(`/models/${encodeURIComponent(model)}/resume`, comment === undefined ? {} : { comment })}
    />
  )
}
