/** A client in a process of its own: refreshes each token that it is told, at once, and tells what it was answered. */
const url = `${process.argv[2]}/api/auth/refresh`;

process.on('message', async (refreshToken: string) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
  const body = (await answer.json()) as { refreshToken?: string; code?: string };
  process.send?.({ status: answer.status, refreshToken: body.refreshToken, code: body.code });
});
process.send?.('ready');
