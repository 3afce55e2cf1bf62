import { z } from 'zod';
import { MODEL_PRIORITIES, MODEL_TASKS } from '../../../../../application/streaming/recommend-model.ts';
import { defineRoute, type Route } from '../../route.ts';
import * as answers from './answers.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';
import { modelView } from './views.ts';

type Uses = Pick<StreamingUseCases, 'catalog' | 'recommendModel' | 'version'>;

const recommendBody = z
  .object({
    task: z.enum(MODEL_TASKS).default('general'),
    priority: z.enum(MODEL_PRIORITIES).default('quality'),
  })
  .prefault({});

/** The routes that tell of the models and of the program itself. */
export const modelRoutes = (useCases: Uses): Route[] => [
  list(useCases),
  recommend(useCases),
  version(useCases),
];

const list = ({ catalog }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/models',
    operationId: 'listModels',
    summary: 'The models and what they cost',
    permission: 'chat.use',
    answers: { 200: { description: 'The models', schema: answers.modelList } },
    handle: async () => ({ status: 200, body: { models: catalog.list().map(modelView) } }),
  });

const recommend = ({ recommendModel }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/models/recommend',
    operationId: 'recommendModel',
    summary: 'The model that the catalog speaks for',
    permission: 'chat.use',
    body: recommendBody,
    answers: { 200: { description: 'A model and the reason', schema: answers.recommendation } },
    handle: async ({ body }) => {
      const { model, reason } = recommendModel.execute(body);
      return { status: 200, body: { recommendedModel: model.id, reason, modelDetails: modelView(model) } };
    },
  });

const version = ({ version }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/version',
    operationId: 'readVersion',
    summary: "The program's version",
    permission: 'public',
    answers: { 200: { description: 'The version', schema: 'text' } },
    handle: async () => ({ status: 200, body: version }),
  });
