/**
 * A channel between the tabs of one browser.
 *
 * @template Message
 * @param {string} name
 */
export function openTabChannel(name) {
  const channel = new BroadcastChannel(name);
  return {
    /** @param {Message} message */
    post: (message) => channel.postMessage(message),
    /** @param {(message: Message) => void} listener */
    listen: (listener) => {
      channel.onmessage = ({ data }) => listener(data);
    },
    close: () => channel.close(),
  };
}
