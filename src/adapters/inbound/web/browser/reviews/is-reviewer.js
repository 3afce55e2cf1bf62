/** Whether somebody decides what agents may do. @param {import('../platform/api-client.js').User} user */
export const isReviewer = ({ role }) => role === 'admin' || role === 'supervisor';
