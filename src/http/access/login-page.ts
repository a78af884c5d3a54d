import { escapeHtml } from '../escape-html.ts';

/** @param to path that is shown after the login */
export function loginPage(to: string, problem?: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>contour-node: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/login.css">
</head>
<body>
<main>
<h1>contour-node</h1>
<form method="post" action="/login">
<label>Name <input name="name" autocomplete="username" required autofocus maxlength="64"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="1024"></label>
<input type="hidden" name="to" value="${escapeHtml(to)}">
<button>Log in</button>
</form>
${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
</main>
<footer>Not a medical device.</footer>
</body>
</html>
`;
}
