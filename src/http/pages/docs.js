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

/** Errors take a line each, until the reader wants to see one as a whole. */
function FoldedErrors({ React }) {
  const { createElement, useState } = React;
  const response = (Response) => (props) => {
    const [isFolded, setFolded] = useState(!(props.code < 400));
    if (!isFolded) return createElement(Response, props);
    const Markdown = props.getComponent('Markdown', true);
    return createElement(
      'tr',
      { className: 'response', 'data-code': props.code },
      createElement('td', { className: 'response-col_status' }, props.code),
      createElement(
        'td',
        { className: 'response-col_description folded' },
        createElement(Markdown, { source: props.response.get('description') }),
        createElement('button', { className: 'btn', onClick: () => setFolded(false) }, 'Example'),
      ),
    );
  };
  return { wrapComponents: { response } };
}

window.ui = window.SwaggerUIBundle({
  url: document.querySelector('meta[name=openapi]').content,
  dom_id: '#swagger-ui',
  deepLinking: true,
  layout: 'BaseLayout',
  defaultModelsExpandDepth: 0,
  plugins: [CursorInFirstField, FoldedErrors],
  validatorUrl: null,
});
