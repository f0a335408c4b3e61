// Shows the OpenAPI document in Scalar's API reference, which asks nothing of anybody but this service.

window.Scalar.createApiReference('#reference', {
  url: document.querySelector('meta[name=openapi]').content,
  telemetry: false,
  withDefaultFonts: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
});
