// Fetches the description of the admin API and has Swagger UI draw it. Where a token is needed to read it, asks for that
// first; it is kept in this page alone, and goes to the address that the page came from.
const form = document.querySelector('#access')
const refusal = document.querySelector('#refusal')
const input = document.querySelector('#token')

async function show(token) {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch('openapi.json', { headers })
  const answer = await response.json()
  form.hidden = response.ok
  if (!response.ok) {
    refusal.textContent = answer.detail
    return
  }
  const ui = globalThis.SwaggerUIBundle({
    spec: answer,
    dom_id: '#reference',
    deepLinking: true,
    // Else the description would be sent to a validator elsewhere.
    validatorUrl: null,
    defaultModelsExpandDepth: 0,
    onComplete: () => token !== '' && ui.preauthorizeApiKey('token', token),
  })
}

function tell(error) {
  form.hidden = false
  refusal.textContent = String(error)
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  show(input.value.trim()).catch(tell)
})

show('').catch(tell)
