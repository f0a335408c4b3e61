// Shows the OpenAPI document in Swagger UI.

const isDark = window.matchMedia('(prefers-color-scheme: dark)');
const followSystem = () => document.documentElement.classList.toggle('dark-mode', isDark.matches);
isDark.addEventListener('change', followSystem);
followSystem();

/** The cursor goes to the API key, which is the first field of the dialog; each of the others would take it too. */
function CursorInFirstField() {
  const showDefinitions = (original) => (definitions) => {
    const result = original(definitions);
    setTimeout(() => document.querySelector('.dialog-ux input')?.focus());
    return result;
  };
  return { statePlugins: { auth: { wrapActions: { showDefinitions } } } };
}

window.ui = window.SwaggerUIBundle({
  url: document.querySelector('meta[name=openapi]').content,
  dom_id: '#swagger-ui',
  deepLinking: true,
  layout: 'BaseLayout',
  defaultModelsExpandDepth: 0,
  plugins: [CursorInFirstField],
  validatorUrl: null,
});
