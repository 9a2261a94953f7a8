/** What planners load beside the common part. */

export { default } from './Planner.svelte';
